"use strict";
// What the sandbox, and never the handler, brings into the Node.js workers of the emulator
// (NODE_OPTIONS=--require). It makes them see AWS as AWS is seen:
//
// - AWS's host names, so that a deny list of `dynamodb.*.amazonaws.com` finds something to match. The names
//   resolve to this machine, and the SDK is pointed at them, at the emulator's port.
// - AWS's log lines: time, request id and level before the message.

const dns = require("dns");
const readline = require("readline");
const util = require("util");

const HERE = { address: "127.0.0.1", family: 4 };
const SERVICES = { DYNAMODB: "dynamodb", S3: "s3", SQS: "sqs", SNS: "sns", SSM: "ssm", CLOUDWATCH: "monitoring" };
const region = process.env.AWS_REGION || process.env.AWS_DEFAULT_REGION || "us-east-2";
const port = process.env.GATEWAY_PORT || "4566";

for (const [service, name] of Object.entries(SERVICES)) {
  process.env[`AWS_ENDPOINT_URL_${service}`] ??= `http://${name}.${region}.amazonaws.com:${port}`;
}

// Both SDKs greet every new container with advice for their users; it would drown the function's own lines.
process.env.AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE ??= "1";
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";

const lookup = dns.lookup;
dns.lookup = function (hostname, options, callback) {
  if (!/\.amazonaws\.com$/.test(hostname)) return lookup.apply(this, arguments);
  const answer = typeof options === "function" ? options : callback;
  if (options?.all) return process.nextTick(answer, null, [HERE]);
  return process.nextTick(answer, null, HERE.address, HERE.family);
};

// The emulator sends an invocation as a line on standard input. Logs of what is still in flight when the next
// one comes are filed under that one, as on AWS, where a frozen container thaws in somebody else's time.
let requestId = "";
const createInterface = readline.createInterface;
readline.createInterface = function (...words) {
  const lines = createInterface.apply(this, words);
  lines.on("line", (line) => {
    requestId = /"request_id": ?"([^"]+)"/.exec(line)?.[1] ?? requestId;
  });
  return lines;
};

for (const [method, level] of Object.entries({ log: "INFO", info: "INFO", warn: "WARN", error: "ERROR", debug: "DEBUG" })) {
  console[method] = (...words) => {
    // One write a line, and no line breaks inside: what the emulator reads is cut at them.
    const message = util.format(...words).replaceAll("\n", "\r");
    process.stderr.write(`${new Date().toISOString()}\t${requestId}\t${level}\t${message}\n`);
  };
}
