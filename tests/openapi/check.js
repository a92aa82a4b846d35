// Holds what was seen of the admin endpoint against its description; a line a fault, exit 1.
//
// usage: node check.js OPENAPI SEEN
//   SEEN is {"routes": [{method, path "/payments/{}"}],
//            "exchanges": [{method, target, status, content_type, body}], "messages": [message]}
//
// Schemas are closed here: a member that is not described is a fault.
import { readFileSync } from 'node:fs';
import { Validator } from '@seriousme/openapi-schema-validator';
import Ajv from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

const text = readFileSync(process.argv[2], 'utf8');
const api = JSON.parse(text);
const seen = JSON.parse(readFileSync(process.argv[3], 'utf8'));
const faults = new Set();

const document = await new Validator().validate(JSON.parse(text));
if (!document.valid) faults.add(`the document: ${JSON.stringify(document.errors)}`);

const pointer = '#/components/';
const follow = (node) => (node.$ref
  ? node.$ref.slice(pointer.length).split('/').reduce((at, name) => at[name], api.components)
  : node);

// What `allOf` builds on stays open, or its members would be strange to it.
function close(node) {
  if (Array.isArray(node)) return node.map(close);
  if (node === null || typeof node !== 'object') return node;
  const closed = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, close(value)]));
  if (node.allOf) closed.allOf = node.allOf.map((base) => ({ $ref: `${base.$ref}.open` }));
  if (!('additionalProperties' in node)) {
    if (node.properties || node.allOf) closed.unevaluatedProperties = false;
    else if (node.type === 'object') faults.add(`an object is not described: ${JSON.stringify(node)}`);
  }
  return closed;
}
const definitions = {};
for (const [name, schema] of Object.entries(api.components.schemas)) {
  definitions[name] = close(schema);
  const { unevaluatedProperties, ...open } = definitions[name];
  definitions[`${name}.open`] = open;
}

const ajv = new Ajv({ strict: true, allowUnionTypes: true, strictTypes: false, allErrors: true });
addFormats(ajv);
const compiled = new Map();
function validate(what, schema, value) {
  const key = JSON.stringify(schema);
  if (!compiled.has(key)) {
    const whole = JSON.stringify({ $defs: definitions, ...close(schema) })
      .replaceAll(`${pointer}schemas/`, '#/$defs/');
    compiled.set(key, ajv.compile(JSON.parse(whole)));
  }
  const check = compiled.get(key);
  if (check(value)) return;
  for (const error of check.errors) {
    faults.add(`${what}: ${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`);
  }
}

// Routes, both ways.
const methods = ['get', 'put', 'post', 'delete', 'patch'];
const operations = Object.entries(api.paths).flatMap(([path, item]) =>
  methods.filter((method) => item[method]).map((method) => ({
    name: `${method.toUpperCase()} ${path}`,
    route: `${method.toUpperCase()} ${path.replaceAll(/\{[^}]+\}/g, '{}')}`,
    pattern: new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{[^}]+\}/g, '[^/]+')}$`),
    method: method.toUpperCase(),
    ...item[method],
  })));
const routes = seen.routes.map(({ method, path }) => `${method} ${path}`);
for (const route of routes) {
  if (!operations.some((operation) => operation.route === route)) faults.add(`${route} is not described`);
}
for (const operation of operations) {
  if (!routes.includes(operation.route)) faults.add(`${operation.route} is described, and no route`);
}

// Answers, and that each described one was seen but those of a daemon that fails.
const answered = new Set();
for (const { method, target, status, content_type, body } of seen.exchanges) {
  const path = target.split('?')[0];
  const operation = operations.find((one) => one.method === method && one.pattern.test(path));
  const what = `${method} ${target} ${status}`;
  const response = operation && operation.responses[status];
  if (!response) {
    faults.add(`${what} is not described: ${body}`);
    continue;
  }
  answered.add(`${operation.name} ${status}`);
  const media = follow(response).content[content_type.split(';')[0]];
  if (!media) faults.add(`${what} is ${content_type}`);
  else validate(what, media.schema, content_type.startsWith('text/') ? body : JSON.parse(body));
}
for (const operation of operations) {
  for (const status of Object.keys(operation.responses)) {
    if (status === '503' || status === 'default') continue;
    if (!answered.has(`${operation.name} ${status}`)) faults.add(`${operation.name} never answered ${status}`);
  }
}

// Notifications, by their type.
for (const message of seen.messages) {
  const webhook = api.webhooks[message.type];
  if (!webhook) faults.add(`${message.type} is not described`);
  else validate(message.type, webhook.post.requestBody.content['application/json'].schema, message);
}

for (const fault of faults) console.log(fault);
console.log(`${operations.length} operations, ${seen.exchanges.length} answers, ${seen.messages.length} messages, ${faults.size} faults`);
process.exit(faults.size === 0 ? 0 : 1);
