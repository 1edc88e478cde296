"""The catalog in memory: immutable, loaded once per process and catalog version."""

from catalog.graph.current import current_graph, forget_graph
from catalog.graph.nodes import (
    CatalogGraph,
    DepthNode,
    Need,
    PathNode,
    ProviderNode,
    ResourceNode,
    RoleEntry,
    RoleNode,
    StepNode,
    StepResourceNode,
    SubjectNode,
    TopicNode,
    UnitNode,
)

__all__ = [
    "CatalogGraph",
    "DepthNode",
    "Need",
    "PathNode",
    "ProviderNode",
    "ResourceNode",
    "RoleEntry",
    "RoleNode",
    "StepNode",
    "StepResourceNode",
    "SubjectNode",
    "TopicNode",
    "UnitNode",
    "current_graph",
    "forget_graph",
]
