"""What stands where no audit is; kept apart so that saying so costs no arithmetic."""

NOT_CORRECTED = (
    "These are the model's labels, not corrected. An audit of some hundred posts gives shares with intervals."
)
