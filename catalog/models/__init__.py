"""Subjects, topics, roles, resources and paths; their querysets and constraints. No people."""

from catalog.models.articles import Advice, Article, TimeEstimate
from catalog.models.paths import Path, PathStep, StepResource, StepTopic
from catalog.models.resources import CalculusNeeded, Cost, Level, Provider, Resource, Unit
from catalog.models.roles import Depth, Requirement, Role, RoleTopic
from catalog.models.topics import AliasKind, Prerequisite, Subject, Topic, TopicAlias, TopicMove
from catalog.models.version import CatalogVersion

__all__ = [
    "Advice",
    "AliasKind",
    "Article",
    "CalculusNeeded",
    "CatalogVersion",
    "Cost",
    "Depth",
    "Level",
    "Path",
    "PathStep",
    "Prerequisite",
    "Provider",
    "Requirement",
    "Resource",
    "Role",
    "RoleTopic",
    "StepResource",
    "StepTopic",
    "Subject",
    "TimeEstimate",
    "Topic",
    "TopicAlias",
    "TopicMove",
    "Unit",
]
