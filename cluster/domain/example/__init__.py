"""An invented contract to try things on: it decides every number of the example plan, and stores nothing."""

from cluster.domain.example.plan import SEED, ExamplePlan, example_plan

__all__ = ["SEED", "ExamplePlan", "example_plan"]
