"use strict";
// Three ways to end an invocation. The bug, the fix, and an answer to "how could you improve it?".

const { patient, hasty } = require("./clients");
const { park } = require("./parking");
const { isRefusal, store } = require("./records");

module.exports = {
  // The bug: Lambda answers while the write is in flight, so nobody hears that it failed. The promise is
  // caught, because an unhandled rejection would end the process and show the failure after all.
  "returns-early": async (record) => {
    store([record], patient).catch((error) => console.log(`The write of ${record.id} failed: ${error.message}`));
  },

  // The fix: the write is waited for, and its failure is the invocation's. SQS brings the message back, three
  // times in all, and then puts it with the dead letters.
  waits: async (record) => {
    await store([record], patient);
  },

  // The answer: a dependency that is away is no error. The record is parked on a queue and tried again later,
  // for as long as it takes. Only what is wrong with the record itself is an error.
  resilient: async (record) => {
    try {
      await store([record], hasty);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      await park([{ record, attempt: 0 }], error);
    }
  },
};
