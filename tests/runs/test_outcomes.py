"""All runs counted for a scrape, without reading them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import event

from app.runs import Outcome, RunStatus


def test_runs_are_counted_by_what_they_came_to_from_the_index_alone(stage: Any, experiment: Any) -> None:
    for name in ("one", "two"):
        stage.finish(stage.start(experiment(stage.arms(), rollbacks=[stage.disarms()]), name))
    storage, asked = stage.runs.rooms.storage, []
    event.listen(storage.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    (outcome,) = stage.runs.outcomes()
    assert outcome == Outcome(environment="test", status=RunStatus.COMPLETED, verdict="held", count=2)
    (query,) = [text for text in asked if "count" in text]
    with storage.reading() as session:
        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {query}").all()
    assert "COVERING INDEX runs_by_outcome" in str(plan)
