using System.Text.Json;
using Hypervize.Hosting;
using Microsoft.AspNetCore.Http.Features;

namespace Hypervize.Provisioner.Logs;

/// <summary>Writes server-sent events as they come. The framework's own result for them has no comments, which keep a quiet stream alive.</summary>
/// <param name="response">The answer.</param>
/// <param name="time">Time.</param>
internal sealed class EventWriter(HttpResponse response, TimeProvider time)
{
    private long _wroteAt = time.GetTimestamp();

    /// <summary>For how long nothing was written.</summary>
    public TimeSpan Quiet => time.GetElapsedTime(_wroteAt);

    /// <summary>Begins the answer, so that its reader sees that it has begun.</summary>
    /// <param name="cancel">Stops.</param>
    public Task BeginAsync(CancellationToken cancel)
    {
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-cache";
        response.Headers["X-Accel-Buffering"] = "no";
        response.HttpContext.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        return CommentAsync(cancel);
    }

    /// <summary>Writes an empty comment.</summary>
    /// <param name="cancel">Stops.</param>
    public Task CommentAsync(CancellationToken cancel) => SendAsync(":\n\n", cancel);

    /// <summary>Writes an event.</summary>
    /// <typeparam name="T">Its data.</typeparam>
    /// <param name="type">Its type.</param>
    /// <param name="data">Its data, as JSON, which has no line breaks.</param>
    /// <param name="cancel">Stops.</param>
    /// <param name="id">What brings its reader back to this place; null for none.</param>
    public Task WriteAsync<T>(string type, T data, CancellationToken cancel, string? id = null) =>
        SendAsync($"event: {type}\n{(id is null ? "" : $"id: {id}\n")}data: {JsonSerializer.Serialize(data, Json.Options)}\n\n", cancel);

    private async Task SendAsync(string text, CancellationToken cancel)
    {
        await response.WriteAsync(text, cancel);
        await response.Body.FlushAsync(cancel);
        _wroteAt = time.GetTimestamp();
    }
}
