// OpenAI's own client for Node against an endpoint: OPENAI_BASE_URL and OPENAI_API_KEY say which. Prints what it found as JSON.
import OpenAI from 'openai';

const [, , missing, limited, capped] = process.argv;
const client = new OpenAI({ maxRetries: 0 });
const messages = [{ role: 'user', content: 'Hello' }];
const found = {};

const chat = await client.chat.completions.create({ model: 'any', messages, max_tokens: 5 });
found.chat = chat.usage.completion_tokens;

found.stream = 0;
for await (const chunk of await client.chat.completions.create({ model: 'any', messages, max_tokens: 5, stream: true })) {
  if (chunk.usage) found.unaskedUsage = true;
  if (chunk.choices[0]?.delta?.content) found.stream++;
}

for await (const chunk of await client.chat.completions.create({ model: 'any', messages, max_tokens: 5, stream: true, stream_options: { include_usage: true } })) {
  if (chunk.usage) found.askedUsage = chunk.usage.completion_tokens;
}

const embeddings = await client.embeddings.create({ model: 'any', input: ['a', 'b'] });
found.embeddings = embeddings.data.map(e => e.embedding.length > 0 && e.embedding.every(Number.isFinite));

const models = [];
for await (const model of client.models.list()) models.push(model.id);
found.models = models.length;
found.retrieved = (await client.models.retrieve(models[0])).id === models[0];

const errorOf = async call => {
  try {
    await call();
    return 'none';
  } catch (error) {
    return `${error.constructor.name} ${error.status} ${error.code}`;
  }
};
found.badKey = await errorOf(() => new OpenAI({ maxRetries: 0, apiKey: 'hvz_live_nothing' }).models.list());
const chatAt = baseURL => new OpenAI({ maxRetries: 0, baseURL }).chat.completions.create({ model: 'any', messages, max_tokens: 1 });
found.noEndpoint = await errorOf(() => chatAt(missing));
await chatAt(limited); // All that it may be called in a minute.
found.limited = await errorOf(() => chatAt(limited));
found.capped = await errorOf(() => chatAt(capped));
found.noModel = await errorOf(() => client.models.retrieve('nothing/such'));
found.badRequest = await errorOf(() => client.chat.completions.create({ model: 3, messages }));

console.log(JSON.stringify(found));
