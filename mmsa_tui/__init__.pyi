from mmsa_tui.model.multimodal import MultimodalDataset as MultimodalDataset
from mmsa_tui.model.multimodal import MultimodalPreprocessor as MultimodalPreprocessor
from mmsa_tui.services.notebook import classify as classify
from mmsa_tui.services.notebook import load_bundle as load_bundle
from mmsa_tui.services.notebook import read as read

__version__: str
