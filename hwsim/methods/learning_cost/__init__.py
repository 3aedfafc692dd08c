"""What learning by STDP costs on a chip: counts to actions of its components, and their price."""
