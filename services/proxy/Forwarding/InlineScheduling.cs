using System.Net;
using Hypervize.Proxy.Nodes;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Hypervize.Proxy.Forwarding;

/// <summary>
/// What a socket brings is worked on by the thread that noticed it, of which each processor has one: handing it to another costs more than the work
/// (docs/decisions/0015). Nothing on the way of a request may therefore block or take long.
/// </summary>
public static class InlineScheduling
{
    private const string InlineCompletions = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";

    // Clients that find it full try again after a second. The kernel has a limit of its own (net.core.somaxconn).
    private const int Backlog = 4096;

    /// <summary>Sets what the runtime reads when it makes its first socket.</summary>
    public static void Choose() => Environment.SetEnvironmentVariable(InlineCompletions, Environment.GetEnvironmentVariable(InlineCompletions) ?? "1");

    /// <summary>Does the same in Kestrel, and has clients noticed that vanished without a word.</summary>
    /// <param name="builder">The proxy.</param>
    public static void AddInlineScheduling(this WebApplicationBuilder builder) => builder.WebHost.UseSockets(sockets =>
    {
        sockets.UnsafePreferInlineScheduling = true;
        sockets.Backlog = Backlog;
        sockets.CreateBoundListenSocket = endpoint =>
        {
            var socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
            if (endpoint is IPEndPoint) SilentPeers.Notice(socket);
            return socket;
        };
    });
}
