"""Network-on-chip: a mesh or torus of virtual-channel routers, flit by flit (docs/noc.md)."""
