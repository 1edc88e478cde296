"""The catalog in memory: immutable, loaded once per process and catalog version."""

from catalog.graph.current import current_graph, forget_graph
from catalog.graph.nodes import (
    AdviceNode,
    CatalogGraph,
    Citation,
    DepthNode,
    EstimateNode,
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
from catalog.graph.shares import SubjectShare, subject_shares

__all__ = [
    "AdviceNode",
    "CatalogGraph",
    "Citation",
    "DepthNode",
    "EstimateNode",
    "Need",
    "PathNode",
    "ProviderNode",
    "ResourceNode",
    "RoleEntry",
    "RoleNode",
    "StepNode",
    "StepResourceNode",
    "SubjectNode",
    "SubjectShare",
    "TopicNode",
    "UnitNode",
    "current_graph",
    "forget_graph",
    "subject_shares",
]
