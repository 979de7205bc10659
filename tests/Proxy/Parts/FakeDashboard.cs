using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Hypervize.Proxy.Tests;

/// <summary>A dashboard that answers what it saw, with a cookie, and says over a WebSocket what it is told.</summary>
internal sealed class FakeDashboard : IAsyncDisposable
{
    private readonly WebApplication _app;

    private FakeDashboard(WebApplication app) => _app = app;

    public Uri Url => new(_app.Urls.Single());

    public static async Task<FakeDashboard> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.UseWebSockets();
        app.Run(context => context.WebSockets.IsWebSocketRequest ? EchoAsync(context) : AnswerAsync(context));
        await app.StartAsync();
        return new(app);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static async Task AnswerAsync(HttpContext context)
    {
        using var body = new StreamReader(context.Request.Body);
        var headers = context.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase);
        context.Response.Cookies.Append("session", "1", new() { Path = "/dashboard", HttpOnly = true });
        await context.Response.WriteAsJsonAsync(new Seen("dashboard", context.Request.Method, context.Request.Path + context.Request.QueryString, null, null, headers, await body.ReadToEndAsync()));
    }

    private static async Task EchoAsync(HttpContext context)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync(context.WebSockets.WebSocketRequestedProtocols.FirstOrDefault());
        var buffer = new byte[4096];
        try
        {
            while (await socket.ReceiveAsync(new ArraySegment<byte>(buffer), CancellationToken.None) is { MessageType: not WebSocketMessageType.Close } received)
                await socket.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, received.EndOfMessage, CancellationToken.None);
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
        }
        catch (WebSocketException)
        {
            // Cut.
        }
    }
}
