"use strict";
// What an SQS message with S3's notification says.

// The objects that a batch names: [{bucket, key}]. S3 sends `s3:TestEvent` when the notification is set up;
// it names none.
function objectsNamedIn(event) {
  return event.Records.flatMap((message) => JSON.parse(message.body).Records ?? []).map(({ s3 }) => ({
    bucket: s3.bucket.name,
    key: decodeURIComponent(s3.object.key.replaceAll("+", " ")),
  }));
}

module.exports = { objectsNamedIn };
