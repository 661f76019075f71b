"""Turns: replies, tool results, failures and words of the user, in and out of time."""

from dataclasses import replace

import pytest

from signoff.core import commands as c
from signoff.core.model import Message, ModelFailure, ModelReply, Reasoning, ToolCall, Usage
from support.session import Session, call, names, patch, steps


def asked(**config: object) -> Session:
    """A session whose first request is owed."""
    s = Session({"a.py": "x\n", "b.py": "y\n"}, **{"plan_first": False, **config})
    s.start("Do it.", context="Two files.")
    return s


def test_a_text_ends_the_session() -> None:
    s = asked()
    assert s.said == ["Do it.", "Two files."]
    assert names(s.model("All is well.")) == ["ModelReplied", "SessionFinished"]
    assert (s.phase, s.state.summary, s.owed) == ("done", "All is well.", ())


def test_finish_ends_the_session_with_its_summary() -> None:
    s = asked()
    assert names(s.model("Bye.", call("finish", summary="Nothing to do."))) == [
        "ModelReplied",
        "ToolReturned",
        "SessionFinished",
    ]
    assert s.view.summary == "Nothing to do."


def test_a_summary_that_is_missing_is_the_last_words() -> None:
    s = asked()
    s.model("Said.", call("finish", summary=""))
    assert s.state.summary == "Said."
    s = asked()
    s.model(call("finish", summary=""))
    assert s.state.summary == ""


def test_finish_with_a_failed_call_does_not_end_it() -> None:
    s = asked()
    s.model(call("nonsense"), call("finish", summary="x"))
    assert (s.phase, s.owed) == ("working", ("ask:1:0",))
    s = asked()
    s.model(ToolCall("c1", "finish", "{"))
    assert s.owed == ("ask:1:0",)


def test_finish_waits_for_the_calls_beside_it() -> None:
    s = asked()
    s.model(call("read_file", path="a.py"), call("finish", summary="x"))
    assert (s.phase, s.owed) == ("working", ("tool:1:c1",))
    s.tool()
    assert s.phase == "done"


def test_reads_run_side_by_side_and_changes_in_their_order() -> None:
    s = asked()
    reads = [call("read_file", path="a.py"), call("read_file", path="b.py")]
    s.model(*reads, patch("a.py", "-x", "+z"), call("list_files"), patch("b.py", "-y", "+z"))
    assert s.owed == ("tool:1:c1", "tool:1:c2")
    s.tool(call_id="c2")
    assert s.owed == ("tool:1:c1",)
    s.tool(call_id="c1")
    assert s.owed == ("tool:1:c3",)
    s.work()
    assert (s.hunks, s.owed) == ({"h1": ("pending", 1), "h2": ("pending", 1)}, ("ask:1:0",))


def test_results_stand_in_the_order_of_the_calls() -> None:
    s = asked()
    s.model(call("read_file", path="a.py"), call("read_file", path="b.py"))
    s.tool("second", "c2")
    s.tool("first", "c1")
    assert s.said[-2:] == ["first", "second"]


def test_late_and_repeated_records_change_nothing() -> None:
    s = asked()
    first = s.reply_of(call("read_file", path="a.py"))
    s.do(first)
    assert s.do(first) == []
    failure = c.RecordFailure(0, 0, ModelFailure("timeout", ""), s.now)
    assert s.do(failure) == []
    s.tool("text")
    assert s.do(c.RecordTool("c1", "again")) == []
    assert s.do(c.RecordTool("c9", "unknown")) == []
    assert s.do(c.RecordContext(1, "unasked")) == []
    assert s.do(c.EndWait(1, 0)) == []
    assert s.do(replace(failure, turn=1, attempt=3)) == []
    assert s.said[-1] == "text"


def test_a_reply_that_comes_after_its_failure_is_taken_all_the_same() -> None:
    """It was paid for. The next attempt is then no longer owed."""
    s = asked()
    late = s.reply_of("Here I am.")
    s.fail("stream_cut")
    assert names(s.do(late)) == ["ModelReplied", "SessionFinished"]
    assert s.owed == ()


def test_an_empty_reply_that_comes_late_is_not_a_second_failure() -> None:
    s = asked()
    late = s.reply_of("")
    s.fail("stream_cut")
    assert s.do(late) == []


@pytest.mark.parametrize(
    ("said", "reason", "message"),
    [
        ((), "empty_reply", "The reply was empty."),
        ((Message("assistant", " \n"),), "empty_reply", "The reply was empty."),
        ((Reasoning("secret"),), "empty_reply", "The reply was empty."),
        ((call("list_files", "x"), call("list_files", "x")), "bad_reply", "Two tool calls have the same id."),
    ],
)
def test_a_reply_that_is_no_turn(said: tuple[Message, ...], reason: str, message: str) -> None:
    s = asked()
    assert names(s.model(*said)) == ["TurnFailed"]
    failure = s.view.failures[0]
    assert (failure.reason, failure.message, failure.strategy) == (reason, message, "retry")
    assert s.owed == ("wait:0:1",)


def test_a_failure_is_waited_for_and_tried_again() -> None:
    s = asked()
    assert names(s.fail("rate_limit", "Slow down.", retry_after=30)) == ["TurnFailed"]
    assert (s.owed, s.phase, s.waiting_for) == (("wait:0:1",), "waiting", ("time",))
    assert s.view.failures[0].until is not None
    assert names(s.wait()) == ["WaitEnded"]
    assert (s.owed, s.phase) == (("ask:0:1",), "working")
    s.model("Done.")
    assert (s.phase, s.state.attempt) == ("done", 0)


def test_a_failure_that_needs_the_user_stops_the_session() -> None:
    s = asked()
    s.fail("no_key", "No key is set.")
    assert (s.owed, s.phase, s.waiting_for) == ((), "failed", ())
    assert s.refusal(c.Interrupt()) == "Nothing is running in this session."
    assert names(s.do(c.Resume())) == ["SessionResumed"]
    assert s.owed == ("ask:0:0",)


def test_a_reply_goes_on_after_a_failure() -> None:
    s = asked()
    s.fail("no_key")
    s.reply("Now.")
    assert (s.owed, s.said[-1]) == (("ask:0:0",), "Now.")


def test_the_next_model_is_asked() -> None:
    s = asked()
    s.fail("model_unavailable")
    assert (s.owed, s.view.config.model) == (("ask:0:1",), "small")
    s.fail("model_unavailable")
    assert s.phase == "failed"


def test_words_while_a_turn_runs_join_the_next_request() -> None:
    s = asked()
    running = s.reply_of(call("read_file", path="a.py"))
    assert names(s.reply("Also b.py.")) == ["UserReplied"]
    assert s.owed == ("ask:0:0",)
    s.do(running)
    s.work()
    assert (s.said[-2:], s.owed) == (["x\n", "Also b.py."], ("ask:1:0",))


def test_words_that_come_with_the_last_reply_start_another_turn() -> None:
    s = asked()
    running = s.reply_of("Done.")
    s.reply("Wait!")
    assert names(s.do(running)) == ["ModelReplied"]
    assert (s.owed, s.phase) == (("ask:1:0",), "working")


def test_a_reply_at_rest_looks_at_the_workspace_again() -> None:
    s = asked()
    s.model("Done.")
    s.reply("More.")
    assert (s.owed, s.phase) == (("context:1",), "working")
    assert s.do(c.RecordContext(0, "old")) == []
    s.gather("New diff.")
    assert (s.said[-2:], s.owed) == (["More.", "New diff."], ("ask:1:0",))


def test_an_empty_word_is_refused() -> None:
    assert asked().refusal(c.Reply(" \n")) == "The reply is empty."


def test_an_answer_to_a_question_that_is_closed_is_no_new_request() -> None:
    s = asked()
    s.model(call("ask_user", question="Which?", options=["a", "b"]))
    assert s.refusal(c.Reply("a", "s.q9")) == "The agent does not wait for an answer to that question."
    s.do(c.Reply("a", "s.q1"))
    assert not s.state.questions
    assert s.refusal(c.Reply("b", "s.q1")) == "The agent does not wait for an answer to that question."


def test_a_reply_during_a_wait_does_not_shorten_it() -> None:
    s = asked()
    s.fail("rate_limit", retry_after=30)
    s.reply("Hurry.")
    assert s.owed == ("wait:0:1",)


def test_bad_arguments_are_answered_at_once() -> None:
    s = asked()
    s.model(ToolCall("c1", "read_file", "{"), ToolCall("c2", "rm", "{}"))
    assert s.said[-1].startswith("There is no tool 'rm'.")
    assert s.owed == ("ask:1:0",)


def test_the_same_call_again_and_again() -> None:
    """Three times: the model is told. Five times: the user is asked, and a word of theirs counts anew."""
    s = asked()
    for _ in range(2):
        s.model(call("list_files"))
        s.work()
    s.model(call("list_files"))
    assert s.said[-1].startswith("You have made this same call several times in a row.")
    s.model(call("list_files"))
    assert names(s.model(call("list_files"))) == ["ModelReplied", "ToolReturned", "TurnFailed"]
    assert (s.phase, s.view.failures[-1].reason) == ("failed", "repeating")
    assert s.view.failures[-1].message == "The model made the same tool call 5 times in a row."
    s.reply("Try search.")
    s.model(call("list_files"))
    assert s.owed == ("tool:6:c6",)


def test_finishing_five_tasks_with_the_same_words_is_no_repetition() -> None:
    s = asked()
    for _ in range(6):
        s.model(call("finish", summary="ok"))
        assert s.phase == "done"
        s.reply("Next.")


def test_reporting_the_same_plan_again_is_answered_until_the_user_is_asked() -> None:
    s = asked()
    for _ in range(4):
        s.model(call("update_plan", steps=steps("x")))
        assert s.said[-1] == "Updated."
    s.model(call("update_plan", steps=steps("x")))
    assert s.phase == "failed"


def test_a_change_waits_for_an_edit_in_flight() -> None:
    s = asked()
    s.model(patch("a.py", "-x", "+z"))
    s.work()
    s.model(patch("b.py", "-y", "+z"))
    s.approve("h1", land=False)
    assert s.owed == ("land:s.l1",)
    s.land()
    assert s.owed == ("tool:2:c2",)


def test_hunks_of_one_reply_are_proposed_before_its_result() -> None:
    s = asked()
    s.model("Shorter.", patch("a.py", "-x"))
    assert names(s.work()) == ["HunksProposed", "ToolReturned"]
    assert (s.phase, s.waiting_for) == ("working", ("hunk",))


def test_words_that_come_while_an_undo_is_taken_back_are_not_taken_for_heard() -> None:
    """A request is under way that told of an undo; its redo is nothing to tell, and the user says something new."""
    s = asked()
    s.model(patch("a.py", "-x", "+1"))
    s.work()
    s.approve()
    uri = s.uri("a.py")
    s.do(c.NoteSwitched(uri, ("s.h1",), False, "d", ()))
    told = s.state.inbox
    s.do(c.NoteSwitched(uri, ("s.h1",), True, "d", ()))
    s.reply("Use gamma instead.")
    reply = ModelReply((Message("assistant", "Done."),), Usage(1, 0, 1), "m")
    made = s.do(c.RecordReply(s.state.turn, 0, told, reply, 0.0))
    assert made[0].seen == 0 and [item.text for item in s.state.inbox] == ["Use gamma instead."]
