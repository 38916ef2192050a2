"use strict";
// A place for records that DynamoDB refused: a queue that hands them back to this function after a while.
//
// A record that is refused again is parked again, as a new message, so that its receive count starts anew and
// it never becomes a dead letter. The waits grow to a minute: a long outage must not turn into a storm.

const { SendMessageBatchCommand } = require("@aws-sdk/client-sqs");
const { hasty, sqs } = require("./clients");
const { isRefusal, store } = require("./records");

const SHORTEST = 15; // seconds
const LONGEST = 60;

async function park(tickets, reason) {
  const entries = tickets.map(({ record, attempt }, index) => ({
    Id: String(index),
    MessageBody: JSON.stringify({ record, attempt }),
    DelaySeconds: Math.min(SHORTEST * (attempt + 1), LONGEST),
  }));
  const answer = await sqs.send(new SendMessageBatchCommand({ QueueUrl: process.env.PARKED_QUEUE_URL, Entries: entries }));
  // Reporting an error is right here: SQS then brings everything again, and a second write does no harm.
  if (answer.Failed?.length) throw new Error(`${answer.Failed.length} records could not be parked`);
  console.log(`Parked ${entries.length} for ${entries[0].DelaySeconds} s: ${reason.message}`);
}

// Try parked records again, and stop at the first that is refused: the others would be, too.
async function unpark(messages) {
  const tickets = messages.map((message) => JSON.parse(message.body));
  try {
    await store(tickets.map(({ record }) => record), hasty);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const left = tickets.slice(tickets.length - error.unwritten.length);
    await park(left.map(({ record, attempt }) => ({ record, attempt: attempt + 1 })), error);
  }
  return { status: "done" };
}

module.exports = { park, unpark };
