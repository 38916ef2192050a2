"""What the console asks of CloudWatch: counted, estimated in dollars, and kept below a cap."""

from app.usage.amounts import Amounts, Kind
from app.usage.estimate import expected_metrics
from app.usage.prices import AS_OF, Prices, dollars
from app.usage.spending import Spending
from app.usage.usage import Usage, month_of, total

__all__ = [
    "AS_OF",
    "Amounts",
    "Kind",
    "Prices",
    "Spending",
    "Usage",
    "dollars",
    "expected_metrics",
    "month_of",
    "total",
]
