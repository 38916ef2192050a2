"""What is judged of an environment in AWS. Pure: facts in, findings out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from app.aws.caller import Caller
from app.aws.permissions import Decision
from app.cli.doctor.finding import Finding, ok, problem, warning
from app.settings import Environment

SANDBOX = "The sandbox needs neither region nor credentials: gameday doctor --sandbox leaves them out."
SIGNED_FOR = timedelta(minutes=5)  # AWS refuses a signature that is older
NOTICED = timedelta(seconds=30)  # from here on windows of metrics and deadlines are off
SOON = timedelta(hours=1)
EXPIRED = ("ExpiredToken", "RequestExpired", "expired")
SKEWED = (
    "SignatureDoesNotMatch",
    "RequestTimeTooSkewed",
    "InvalidSignature",
    "Signature expired",
    "not yet current",
)
NOWHERE = (
    "Could not connect",
    "Connect timeout",
    "Read timeout",
    "EndpointConnectionError",
    "Name or service",
)


def region(environment: Environment, found: str | None) -> Finding:
    if found:
        return ok("region", f"Region {found}.")
    remedy = (
        f'region = "eu-central-1" under [environments.{environment.name}] in gameday.toml, or AWS_REGION.'
    )
    return problem("region", "No region is set.", f"{remedy} {SANDBOX}")


def credentials(environment: Environment, caller: Caller, now: datetime) -> Finding:
    if caller.trouble:
        sentence, remedy = _refused(environment, caller.trouble)
        return problem("credentials", sentence, remedy)
    who = f"{caller.arn} in account {caller.account}"
    if caller.ends is not None and caller.ends - now < SOON:
        return warning("credentials", f"{who}, until {caller.ends:%H:%M} UTC only.", _login(environment))
    return ok("credentials", f"{who}.")


def unasked(environment: Environment, trouble: str) -> Finding:
    """Of credentials that nobody can be asked about for want of a region; `trouble` where there are none."""
    if trouble:
        return problem("credentials", trouble, f"{_login(environment)} {SANDBOX}")
    return ok("credentials", "There are credentials; whose they are is asked once there is a region.")


def clock(caller: Caller) -> Finding | None:
    """None where AWS told no time."""
    if caller.skew is None:
        return None
    seconds = caller.skew.total_seconds()
    said = f"This machine's clock is {abs(seconds):.0f} s {'behind' if seconds > 0 else 'ahead of'} AWS’s"
    remedy = "Let the clock be set by NTP: timedatectl set-ntp true; on a Mac: sudo sntp -sS time.apple.com"
    if abs(caller.skew) >= SIGNED_FOR:
        return problem("clock", f"{said}: AWS refuses what is signed at such a time.", remedy)
    if abs(caller.skew) >= NOTICED:
        return warning("clock", f"{said}: metrics would be asked for at the wrong times.", remedy)
    return ok("clock", "This machine’s clock agrees with AWS’s.")


def reach(service: str, trouble: str, *, told: str = "") -> Finding:
    """Of one service; `trouble` is AWS's error as a sentence."""
    check = service.lower().replace(" ", "-")
    if trouble:
        return problem(check, f"{service}: {trouble}", "gameday iam prints the policies; where AWS is not reached, a "
                       "proxy or a VPC endpoint may be missing.")  # fmt: skip
    return ok(check, told or f"{service} answers.")


def functions(total: int, reading: Sequence[str]) -> Finding:
    if not reading:
        return warning("functions", f"None of {total} functions reads a fault store.",
                       "Does FAILURE_INJECTION_PARAM, FAILURE_APPCONFIG_* or CHAOS_PARAM name one? Settings of AWS "
                       "(concurrency, mappings, rules) need none.")  # fmt: skip
    shown = ", ".join(reading[:3]) + (f" and {len(reading) - 3} more" if len(reading) > 3 else "")  # noqa: PLR2004
    return ok("functions", f"{len(reading)} of {total} functions read a fault store: {shown}.")


def permissions(decisions: Sequence[Decision]) -> Finding:
    """On the known stores, as IAM says."""
    denied = sorted({f"{one.action} on {one.resource}" for one in decisions if one.allowed is False})
    unknown = [one for one in decisions if one.allowed is None]
    if denied:
        return problem(
            "permissions",
            f"Not allowed: {'; '.join(denied[:4])}.",
            "gameday iam --role run prints the policy.",
        )
    if unknown:
        return warning("permissions", f"What is allowed could not be asked: {unknown[0].why}.",
                       "Allow iam:SimulatePrincipalPolicy; preflight asks it before each run, too.")  # fmt: skip
    if not decisions:
        return ok("permissions", "An emulator lets everybody do everything.")
    return ok("permissions", "Every known store may be written and put back.")


def _refused(environment: Environment, trouble: str) -> tuple[str, str]:
    if any(word in trouble for word in SKEWED):
        return f"AWS refuses the signature: {trouble}", "Set this machine's clock, and check the secret key."
    if any(word in trouble for word in EXPIRED):
        return f"The credentials have expired: {trouble}", _login(environment)
    if any(word in trouble for word in NOWHERE):
        where = environment.endpoint_url or "AWS"
        return f"{where} can not be reached: {trouble}", (
            "Start the emulator."
            if environment.is_emulated
            else "Check the network, HTTPS_PROXY, and the region."
        )
    return f"Nobody is let in: {trouble}", f"{_login(environment)} {SANDBOX}"


def _login(environment: Environment) -> str:
    if environment.profile:
        return f"aws sso login --profile {environment.profile}, or renew that profile's keys."
    return "Sign in (aws sso login), set AWS_PROFILE, or name a profile for the environment in gameday.toml."
