"""AWS as the console speaks it: warm clients, and calls whose errors are the console's own."""

from app.aws.clients import Aws, Identity
from app.aws.doubles import InMemoryAws, InMemoryFunctions, InMemoryParameters
from app.aws.functions import Function
from app.aws.logs import LogEvent, LogPage
from app.aws.metrics import MetricResult, MetricResults
from app.aws.packages import Code
from app.aws.parameters import Parameter, Parameters
from app.aws.problems import Denied, Throttled

__all__ = [
    "Aws",
    "Code",
    "Denied",
    "Function",
    "Identity",
    "InMemoryAws",
    "InMemoryFunctions",
    "InMemoryParameters",
    "LogEvent",
    "LogPage",
    "MetricResult",
    "MetricResults",
    "Parameter",
    "Parameters",
    "Throttled",
]
