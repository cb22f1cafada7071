"""The codebook in use: what its labels mean, and the way to another one."""
