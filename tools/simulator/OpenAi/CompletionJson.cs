using System.Text.Json;

namespace Hypervize.Simulator.OpenAi;

/// <summary>The JSON of one answer: whole, or in the chunks of a stream.</summary>
internal sealed class CompletionJson(CompletionKind kind, string model, long created, CompletionRequest request)
{
    private readonly string _id = kind switch { CompletionKind.Chat => "chatcmpl-", CompletionKind.Text => "cmpl-" } + Guid.NewGuid().ToString("N");

    /// <summary>The answer in one piece.</summary>
    public void Whole(Utf8JsonWriter json)
    {
        Frame(json, kind switch { CompletionKind.Chat => "chat.completion", CompletionKind.Text => "text_completion" });
        Choice(json, request.FinishReason, () =>
        {
            var text = Speech.Text(request.Tokens);
            switch (kind)
            {
                case CompletionKind.Chat:
                    json.WriteStartObject("message");
                    json.WriteString("role", "assistant");
                    json.WriteString("content", text);
                    json.WriteEndObject();
                    break;
                case CompletionKind.Text:
                    json.WriteString("text", text);
                    break;
            }
        });
        Usage(json);
    }

    /// <summary>The chunk before the first token: who speaks.</summary>
    public void Opening(Utf8JsonWriter json) => Chunk(json, null, "", role: "assistant");

    /// <summary>The chunk of one token.</summary>
    public void Token(Utf8JsonWriter json, int index) => Chunk(json, null, Speech.Token(index));

    /// <summary>The chunk after the last token: why it ended.</summary>
    public void Closing(Utf8JsonWriter json) => Chunk(json, request.FinishReason, null);

    /// <summary>The chunk that has usage and no choice.</summary>
    public void UsageAlone(Utf8JsonWriter json)
    {
        Frame(json, ChunkObject);
        json.WriteStartArray("choices");
        json.WriteEndArray();
        Usage(json);
    }

    private string ChunkObject => kind switch { CompletionKind.Chat => "chat.completion.chunk", CompletionKind.Text => "text_completion" };

    private void Chunk(Utf8JsonWriter json, string? finishReason, string? content, string? role = null)
    {
        Frame(json, ChunkObject);
        Choice(json, finishReason, () =>
        {
            switch (kind)
            {
                case CompletionKind.Chat:
                    json.WriteStartObject("delta");
                    if (role is not null) json.WriteString("role", role);
                    if (content is not null) json.WriteString("content", content);
                    json.WriteEndObject();
                    break;
                case CompletionKind.Text:
                    json.WriteString("text", content ?? "");
                    break;
            }
        });
        if (request.IncludeUsage) json.WriteNull("usage");
    }

    private void Frame(Utf8JsonWriter json, string kindOfObject)
    {
        json.WriteString("id", _id);
        json.WriteString("object", kindOfObject);
        json.WriteNumber("created", created);
        json.WriteString("model", model);
        json.WriteString("system_fingerprint", Speech.Fingerprint);
    }

    private static void Choice(Utf8JsonWriter json, string? finishReason, Action content)
    {
        json.WriteStartArray("choices");
        json.WriteStartObject();
        json.WriteNumber("index", 0);
        content();
        json.WriteNull("logprobs");
        json.WriteString("finish_reason", finishReason);
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private void Usage(Utf8JsonWriter json)
    {
        json.WriteStartObject("usage");
        json.WriteNumber("prompt_tokens", request.PromptTokens);
        json.WriteNumber("completion_tokens", request.Tokens);
        json.WriteNumber("total_tokens", request.PromptTokens + request.Tokens);
        json.WriteEndObject();
    }
}
