"use strict";
// Extract and transform: an object in, a record and its CSV out.

const { GetObjectCommand, PutObjectCommand } = require("@aws-sdk/client-s3");
const { s3 } = require("./clients");

const COLUMNS = ["id", "symbol", "price", "volume", "at"];

// The record in an object. An object that is no record is an error: SQS brings it three times, then it is a
// dead letter for a person to look at.
async function extract({ bucket, key }) {
  const object = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  const record = JSON.parse(await object.Body.transformToString());
  const missing = COLUMNS.filter((column) => record[column] === undefined);
  if (missing.length > 0) throw new Error(`${key} lacks ${missing.join(", ")}`);
  return { ...record, bucket };
}

async function publish(record) {
  const csv = `${COLUMNS.join(",")}\n${COLUMNS.map((column) => record[column]).join(",")}\n`;
  const object = { Bucket: record.bucket, Key: `outgoing/${record.id}.csv`, Body: csv, ContentType: "text/csv" };
  try {
    // SQS may bring a message again. The CSV is published by the first time only.
    await s3.send(new PutObjectCommand({ ...object, IfNoneMatch: "*" }));
  } catch (error) {
    if (error.name !== "PreconditionFailed") throw error;
  }
}

module.exports = { extract, publish };
