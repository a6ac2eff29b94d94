"""CMPP 2.0 and 3.0: the protocol of China Mobile's gateways, and of most resellers in China."""
