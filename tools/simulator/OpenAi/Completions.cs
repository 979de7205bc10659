using System.Buffers;
using System.Text.Json;

namespace Hypervize.Simulator.OpenAi;

/// <summary>Chat and text completions, whole or as a stream of server-sent events.</summary>
internal sealed class Completions(Engine engine, Faults faults, NodeSettings settings, TimeProvider time)
{
    public async Task AnswerAsync(HttpContext http, CompletionKind kind)
    {
        if (await RequestBody.ReadAsync(http, settings.ServedName, body => CompletionRequest.Read(body, kind)) is not { } request) return;
        var answer = new CompletionJson(kind, settings.ServedName, time.GetUtcNow().ToUnixTimeSeconds(), request);
        if (!await (request.Stream ? StreamAsync(http, kind, answer, request) : WholeAsync(http, answer, request))) return;
        await http.Response.CompleteAsync();
        await faults.RequestCompletedAsync();
    }

    private async Task<bool> WholeAsync(HttpContext http, CompletionJson answer, CompletionRequest request)
    {
        using (var generation = await engine.BeginAsync(request.PromptTokens, request.Tokens, http.RequestAborted))
        {
            await generation.UntilMadeAsync(Sent(request) - 1, http.RequestAborted);
            if (await IsDroppedAsync(http, request)) return false;
        }
        await http.WriteJsonAsync(200, answer.Whole);
        return true;
    }

    private async Task<bool> StreamAsync(HttpContext http, CompletionKind kind, CompletionJson answer, CompletionRequest request)
    {
        http.Response.ContentType = "text/event-stream; charset=utf-8";
        http.Response.Headers.CacheControl = "no-cache";
        var body = http.Response.BodyWriter;
        var gone = http.RequestAborted;
        using var json = new Utf8JsonWriter(body, JsonAnswer.Plain);
        // As vLLM does: the status line is out before the request's turn comes.
        await body.FlushAsync(gone);
        using (var generation = await engine.BeginAsync(request.PromptTokens, request.Tokens, gone))
        {
            for (var token = 0; token < Sent(request); token++)
            {
                if (!generation.IsMade(token)) await body.FlushAsync(gone);
                await generation.UntilMadeAsync(token, gone);
                if (token == 0 && kind == CompletionKind.Chat) Send(answer.Opening);
                Send(chunk => answer.Token(chunk, token));
            }
            if (await IsDroppedAsync(http, request)) return false;
        }
        Send(answer.Closing);
        if (request.IncludeUsage) Send(answer.UsageAlone);
        body.Write("data: [DONE]\n\n"u8);
        await body.FlushAsync(gone);
        return true;

        void Send(Action<Utf8JsonWriter> members)
        {
            body.Write("data: "u8);
            json.Reset();
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
            json.Flush();
            body.Write("\n\n"u8);
        }
    }

    private int Sent(CompletionRequest request) =>
        settings.Behaviour.DropStreamAfter is > 0 and var drop ? Math.Min(drop, request.Tokens) : request.Tokens;

    private async Task<bool> IsDroppedAsync(HttpContext http, CompletionRequest request)
    {
        if (settings.Behaviour.DropStreamAfter is 0 || settings.Behaviour.DropStreamAfter > request.Tokens) return false;
        if (http.Response.HasStarted) await http.Response.BodyWriter.FlushAsync(http.RequestAborted);
        await faults.DropAsync(http);
        return true;
    }
}
