// Says whether a document from standard input is valid OpenAPI, by a validator that is not our own.
import { readFileSync } from "node:fs";
import { Validator } from "@seriousme/openapi-schema-validator";

const { valid, errors } = await new Validator().validate(JSON.parse(readFileSync(0, "utf8")));
console.log(valid ? "valid" : JSON.stringify(errors, null, 1));
