using System.Text.Json;

namespace Hypervize.Simulator.OpenAi;

/// <summary>Which of the two completion routes was called.</summary>
internal enum CompletionKind
{
    /// <summary><c>/v1/chat/completions</c></summary>
    Chat,

    /// <summary><c>/v1/completions</c></summary>
    Text,
}

/// <summary>What of a request matters to a simulator; sampling parameters are accepted and change nothing.</summary>
/// <param name="PromptTokens">Words of the prompt.</param>
/// <param name="Tokens">Tokens to answer with: exactly the limit, where one was set.</param>
/// <param name="FinishReason">Why the answer ends there.</param>
/// <param name="Stream">Whether tokens are sent as they come.</param>
/// <param name="IncludeUsage">Whether a stream ends with its usage.</param>
internal sealed record CompletionRequest(int PromptTokens, int Tokens, string FinishReason, bool Stream, bool IncludeUsage)
{
    private const int MostTokens = 1_000_000;

    public static CompletionRequest? Read(RequestBody body, CompletionKind kind)
    {
        var promptTokens = kind switch
        {
            CompletionKind.Chat => Messages(body),
            CompletionKind.Text => Prompt(body),
        };
        if ((body.Count("n", most: 128) ?? 1) > 1) body.Refuse("invalid_value", "The simulator gives one choice: leave 'n' out, or make it 1.", "n");
        var limit = body.Count("max_completion_tokens", MostTokens) ?? body.Count("max_tokens", MostTokens);
        var stream = body.Flag("stream");
        return new(promptTokens, limit ?? Speech.Length, limit is null ? "stop" : "length", stream, UsageAsked(body, stream));
    }

    private static int Messages(RequestBody body)
    {
        if (body.Required("messages") is not { } messages) return 0;
        if (messages.ValueKind != JsonValueKind.Array || messages.GetArrayLength() == 0)
        {
            body.Refuse("invalid_type", "'messages' must be an array of at least one message.", "messages");
            return 0;
        }
        var tokens = 0;
        foreach (var (index, message) in messages.EnumerateArray().Index())
        {
            if (message.ValueKind != JsonValueKind.Object || !message.TryGetProperty("role", out var role) || role.ValueKind != JsonValueKind.String)
                body.Refuse("missing_required_parameter", $"Missing required parameter: 'messages[{index}].role'.", $"messages[{index}].role");
            else if (message.TryGetProperty("content", out var content)) tokens += Content(body, content, index);
        }
        return tokens;
    }

    private static int Content(RequestBody body, JsonElement content, int index)
    {
        switch (content.ValueKind)
        {
            case JsonValueKind.Null: // As in an assistant's message that only calls tools.
                return 0;
            case JsonValueKind.String:
                return Speech.Count(content.GetString());
            case JsonValueKind.Array:
                return content.EnumerateArray().Sum(part => part.ValueKind == JsonValueKind.Object && part.TryGetProperty("text", out var text)
                    && text.ValueKind == JsonValueKind.String ? Speech.Count(text.GetString()) : 0);
            default:
                body.Refuse("invalid_type", $"'messages[{index}].content' must be a string or an array of parts.", $"messages[{index}].content");
                return 0;
        }
    }

    private static int Prompt(RequestBody body)
    {
        if (body.Required("prompt") is not { } prompt) return 0;
        if (prompt.ValueKind == JsonValueKind.String) return Speech.Count(prompt.GetString());
        if (prompt.ValueKind == JsonValueKind.Array)
        {
            if (prompt.EnumerateArray().All(token => token.ValueKind == JsonValueKind.Number)) return prompt.GetArrayLength();
            if (prompt.GetArrayLength() == 1 && prompt[0].ValueKind == JsonValueKind.String) return Speech.Count(prompt[0].GetString());
        }
        body.Refuse("invalid_type", "'prompt' must be one string, or one array of token ids.", "prompt");
        return 0;
    }

    private static bool UsageAsked(RequestBody body, bool stream)
    {
        if (body.Field("stream_options") is not { } options) return false;
        if (!stream) body.Refuse("invalid_value", "'stream_options' is only allowed when 'stream' is true.", "stream_options");
        else if (options.ValueKind != JsonValueKind.Object) body.Refuse("invalid_type", "'stream_options' must be an object.", "stream_options");
        else return options.TryGetProperty("include_usage", out var include) && include.ValueKind == JsonValueKind.True;
        return false;
    }
}
