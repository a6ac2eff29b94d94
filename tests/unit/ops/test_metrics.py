"""Figures for Prometheus."""

from hub.ops import metrics


def test_figures_are_rendered_under_our_prefix_and_nothing_of_the_global_registry() -> None:
    metrics.counter("test_things_total", "Things", ["kind"]).labels("good").inc(3)

    text = metrics.render().decode()

    assert 'hub_test_things_total{kind="good"} 3.0' in text
    assert "process_resident_memory_bytes" in text
    assert "python_gc_objects" not in text
