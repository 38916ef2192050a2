"""The emulator's containers: a handler's error does not end them, and they share the function's code."""

import io
import json
import zipfile

import pytest

from app.sandbox.emulator.containers import SharedCode

NODE = {"Runtime": "nodejs22.x", "Handler": "src/index.handler"}


def zipped(**files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "/").replace("_js", ".js").replace("_json", ".json"), text)
    return buffer.getvalue()


def test_a_stub_loads_the_handler_from_one_shared_copy(tmp_path):
    stub = SharedCode(tmp_path).stub(NODE, zipped(src__index_js="exports.handler = () => 1"))
    with zipfile.ZipFile(io.BytesIO(stub)) as archive:
        text = archive.read("src/index.js").decode()
    (copy,) = tmp_path.iterdir()
    assert str(copy / "src" / "index") in text
    assert SharedCode(tmp_path).stub(NODE, zipped(src__index_js="exports.handler = () => 1")) == stub


@pytest.mark.parametrize(
    ("config", "package"),
    [
        ({"Runtime": "python3.12", "Handler": "index.handler"}, zipped(index_py="")),
        (NODE, zipped(other_js="")),
        (NODE, zipped(src__index_js="export const handler = 1", package_json=json.dumps({"type": "module"}))),
        (NODE, b"no zip"),
        (NODE, b""),
    ],
)
def test_what_can_not_be_shared_goes_to_the_worker_as_it_is(tmp_path, config, package):
    assert SharedCode(tmp_path).stub(config, package) == package


@pytest.mark.sandbox
def test_a_container_outlives_its_handlers_error(clients):
    lambda_ = clients("lambda")
    code = """
        let calls = 0;
        exports.handler = async () => { calls += 1; if (calls === 1) throw new Error("once"); return calls; };
    """
    role = "arn:aws:iam::000000000000:role/any"
    lambda_.create_function(
        FunctionName="Twice",
        Runtime="nodejs22.x",
        Handler="index.handler",
        Role=role,
        Code={"ZipFile": zipped(index_js=code)},
    )
    lambda_.get_waiter("function_active_v2").wait(FunctionName="Twice")
    failed = lambda_.invoke(FunctionName="Twice")
    assert failed["FunctionError"]
    assert json.loads(failed["Payload"].read())["errorMessage"] == "once"
    assert json.loads(lambda_.invoke(FunctionName="Twice")["Payload"].read()) == 2
