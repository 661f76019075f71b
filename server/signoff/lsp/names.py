"""The names that clients rely on: the commands of the server, and its own notifications."""

from __future__ import annotations

SERVER = "signoff"

COMMANDS = (
    "signoff.startSession",
    "signoff.reply",
    "signoff.approvePlan",
    "signoff.rejectPlan",
    "signoff.editPlan",
    "signoff.approveStep",
    "signoff.skipStep",
    "signoff.approveHunk",
    "signoff.rejectHunk",
    "signoff.amendHunk",
    "signoff.undoHunk",
    "signoff.reproposeHunk",
    "signoff.approveFile",
    "signoff.rejectFile",
    "signoff.approveAll",
    "signoff.rejectAll",
    "signoff.undoAll",
    "signoff.interrupt",
    "signoff.resume",
    "signoff.archive",
    "signoff.openSession",
    "signoff.draftTask",
    "signoff.showDiff",
    "signoff.nextHunk",
    "signoff.previousHunk",
    "signoff.hideHunks",
    "signoff.showHunks",
    "signoff.showContext",
    "signoff.listSessions",
    "signoff.showSession",
    "signoff.trustWorkspace",
    "signoff.status",
    "signoff.doctor",
)

SESSION_CHANGED = "signoff/sessionChanged"
OUTPUT_DELTA = "signoff/outputDelta"
SET_API_KEY = "signoff/setApiKey"
DIAGNOSTICS = "signoff/diagnostics"
VIEWED = "signoff/viewed"
TRUST = "signoff/trust"
