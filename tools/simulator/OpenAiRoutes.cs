using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hypervize.Simulator;

/// <summary>The OpenAI surface of the node. Every answer says that it is simulated (<c>system_fingerprint</c>).</summary>
/// <param name="engine">The model.</param>
/// <param name="model">Name it is served under.</param>
/// <param name="time">Time.</param>
public sealed class OpenAiRoutes(Engine engine, string model, TimeProvider time)
{
    private const string Fingerprint = "hypervize-simulator";
    private const int DefaultTokens = 32;
    private const int EmbeddingDimensions = 16;

    /// <summary>Maps the routes.</summary>
    /// <param name="app">The node.</param>
    public void Map(WebApplication app)
    {
        app.MapPost("/v1/chat/completions", (HttpContext http) => CompleteAsync(http, chat: true));
        app.MapPost("/v1/completions", (HttpContext http) => CompleteAsync(http, chat: false));
        app.MapPost("/v1/embeddings", EmbedAsync);
        app.MapGet("/v1/models", (HttpContext http) => WriteAsync(http, 200, new JsonObject
        {
            ["object"] = "list",
            ["data"] = new JsonArray(new JsonObject { ["id"] = model, ["object"] = "model", ["created"] = Now(), ["owned_by"] = Fingerprint }),
        }));
    }

    private async Task CompleteAsync(HttpContext http, bool chat)
    {
        if (await ReadAsync(http, chat ? "messages" : "prompt") is not { } request) return;
        var prompt = CountWords(request[chat ? "messages" : "prompt"]!);
        var tokens = (int?)(request["max_completion_tokens"] ?? request["max_tokens"]) ?? DefaultTokens;
        var answer = new Answer(chat, $"{(chat ? "chatcmpl" : "cmpl")}-{Guid.NewGuid():N}", Now(), model, prompt);
        if ((bool?)request["stream"] is true) await StreamAsync(http, answer, tokens, includeUsage: (bool?)request["stream_options"]?["include_usage"] is true);
        else await AnswerAsync(http, answer, tokens);
        engine.Completed();
    }

    private async Task AnswerAsync(HttpContext http, Answer answer, int tokens)
    {
        var text = new StringBuilder();
        await foreach (var word in engine.GenerateAsync(answer.PromptTokens, tokens, http.RequestAborted)) text.Append(word);
        await WriteAsync(http, 200, answer.Whole(text.ToString(), tokens));
    }

    private async Task StreamAsync(HttpContext http, Answer answer, int tokens, bool includeUsage)
    {
        http.Response.ContentType = "text/event-stream; charset=utf-8";
        http.Response.Headers.CacheControl = "no-cache";
        var sent = 0;
        await foreach (var word in engine.GenerateAsync(answer.PromptTokens, tokens, http.RequestAborted))
        {
            await SendAsync(http, answer.Chunk(word, first: sent == 0, finish: null).ToJsonString());
            if (!engine.DropsAfter(++sent)) continue;
            http.Abort();
            return;
        }
        await SendAsync(http, answer.Chunk("", first: false, finish: "length").ToJsonString());
        if (includeUsage) await SendAsync(http, answer.UsageChunk(tokens).ToJsonString());
        await SendAsync(http, "[DONE]");
    }

    private async Task EmbedAsync(HttpContext http)
    {
        if (await ReadAsync(http, "input") is not { } request) return;
        var inputs = request["input"] is JsonArray list ? list.Select(i => i!.ToString()).ToList() : [request["input"]!.ToString()];
        var data = inputs.Select((text, index) => (JsonNode)new JsonObject { ["object"] = "embedding", ["index"] = index, ["embedding"] = Embedding(text) });
        var tokens = inputs.Sum(i => i.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length);
        await WriteAsync(http, 200, new JsonObject
        {
            ["object"] = "list", ["data"] = new JsonArray([.. data]), ["model"] = model, ["system_fingerprint"] = Fingerprint,
            ["usage"] = new JsonObject { ["prompt_tokens"] = tokens, ["total_tokens"] = tokens },
        });
        engine.Completed();
    }

    // Same text, same vector; another text, another one. That is all a simulated embedding can promise.
    private static JsonArray Embedding(string text)
    {
        var hash = System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(text));
        return [.. Enumerable.Range(0, EmbeddingDimensions).Select(i => (JsonNode)(hash[i] / 255.0 - 0.5))];
    }

    private async Task<JsonObject?> ReadAsync(HttpContext http, string required)
    {
        if (http.Request.Headers["x-request-id"] is [{ } id, ..]) http.Response.Headers["x-request-id"] = id;
        if (engine.ReadyAt is null) return await RefuseAsync(http, 503, "model_loading", "The model is still loading.");
        try
        {
            if (await JsonNode.ParseAsync(http.Request.Body, cancellationToken: http.RequestAborted) is not JsonObject body)
                return await RefuseAsync(http, 400, "invalid_request", "The body must be a JSON object.");
            if ((string?)body["model"] != model) return await RefuseAsync(http, 404, "model_not_found", $"The model {body["model"]} does not exist; this node serves {model}.");
            return body[required] is null ? await RefuseAsync(http, 400, "missing_field", $"{required} is required.") : body;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return await RefuseAsync(http, 400, "invalid_request", $"The body can't be read: {e.Message}");
        }
    }

    private static async Task<JsonObject?> RefuseAsync(HttpContext http, int status, string code, string message)
    {
        await WriteAsync(http, status, new JsonObject
        {
            ["error"] = new JsonObject { ["message"] = message, ["type"] = "invalid_request_error", ["param"] = null, ["code"] = code },
        });
        return null;
    }

    private static Task WriteAsync(HttpContext http, int status, JsonObject body)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        return http.Response.WriteAsync(body.ToJsonString(), http.RequestAborted);
    }

    private static async Task SendAsync(HttpContext http, string data)
    {
        await http.Response.WriteAsync($"data: {data}\n\n", http.RequestAborted);
        await http.Response.Body.FlushAsync(http.RequestAborted);
    }

    private static int CountWords(JsonNode prompt) => prompt.ToJsonString().Split(' ', StringSplitOptions.RemoveEmptyEntries).Length;

    private long Now() => time.GetUtcNow().ToUnixTimeSeconds();

    private sealed record Answer(bool Chat, string Id, long Created, string Model, int PromptTokens)
    {
        public JsonObject Whole(string text, int tokens) => Frame(Chat ? "chat.completion" : "text_completion", Choice("length",
            Chat ? ("message", new JsonObject { ["role"] = "assistant", ["content"] = text }) : ("text", (JsonNode)text)), Usage(tokens));

        public JsonObject Chunk(string text, bool first, string? finish)
        {
            JsonNode Delta()
            {
                var delta = new JsonObject();
                if (first) delta["role"] = "assistant";
                if (finish is null) delta["content"] = text;
                return delta;
            }
            return Frame(Chat ? "chat.completion.chunk" : "text_completion", Choice(finish, Chat ? ("delta", Delta()) : ("text", (JsonNode)text)), null);
        }

        public JsonObject UsageChunk(int tokens) => Frame(Chat ? "chat.completion.chunk" : "text_completion", [], Usage(tokens));

        private JsonObject Frame(string kind, JsonArray choices, JsonObject? usage)
        {
            var frame = new JsonObject { ["id"] = Id, ["object"] = kind, ["created"] = Created, ["model"] = Model, ["system_fingerprint"] = Fingerprint, ["choices"] = choices };
            if (usage is not null) frame["usage"] = usage;
            return frame;
        }

        private static JsonArray Choice(string? finish, (string Name, JsonNode Value) content) =>
            [new JsonObject { ["index"] = 0, [content.Name] = content.Value, ["logprobs"] = null, ["finish_reason"] = finish }];

        private JsonObject Usage(int tokens) => new() { ["prompt_tokens"] = PromptTokens, ["completion_tokens"] = tokens, ["total_tokens"] = PromptTokens + tokens };
    }
}
