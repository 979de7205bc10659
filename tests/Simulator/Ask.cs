using System.Text.Json;

namespace Hypervize.Simulator.Tests;

/// <summary>Requests that tests make again and again.</summary>
internal static class Ask
{
    public static object Chat(string model, int? tokens = null, bool stream = false) => tokens is null
        ? new { model, stream, messages = Hello }
        : new { model, stream, max_tokens = tokens, messages = Hello };

    public static async Task<JsonElement> JsonAsync(this Task<HttpResponseMessage> answer) =>
        JsonDocument.Parse(await (await answer).Content.ReadAsStringAsync()).RootElement;

    /// <summary>The data of a stream's events.</summary>
    public static async IAsyncEnumerable<string> EventsAsync(this HttpResponseMessage answer)
    {
        using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync());
        while (await lines.ReadLineAsync() is { } line)
            if (line.StartsWith("data: ", StringComparison.Ordinal)) yield return line["data: ".Length..];
    }

    /// <summary>The chunks of a stream, which must end with <c>[DONE]</c>.</summary>
    public static async Task<IReadOnlyList<JsonElement>> ChunksAsync(this Task<HttpResponseMessage> answer)
    {
        var events = await (await answer).EventsAsync().ToListAsync();
        Assert.Equal("[DONE]", events[^1]);
        return [.. events.SkipLast(1).Select(e => JsonDocument.Parse(e).RootElement)];
    }

    public static string? Content(this JsonElement chunk) =>
        chunk.GetProperty("choices") is var choices && choices.GetArrayLength() == 1 && choices[0].GetProperty("delta").TryGetProperty("content", out var content) ? content.GetString() : null;

    private static readonly object[] Hello = [new { role = "user", content = "Hello there, simulator" }];
}
