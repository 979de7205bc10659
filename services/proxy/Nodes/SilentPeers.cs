using System.Net.Sockets;

namespace Hypervize.Proxy.Nodes;

/// <summary>Machines that vanish without a word, clients' and nodes' alike.</summary>
internal static class SilentPeers
{
    private const int FirstProbeSeconds = 30;
    private const int ProbeEverySeconds = 10;
    private const int Probes = 3;

    /// <summary>Has a connection end within a minute of its peer's vanishing, however long an answer may take. Connections take it over from the socket that accepts them.</summary>
    /// <param name="socket">The connection, or the socket that accepts some.</param>
    public static void Notice(Socket socket)
    {
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, FirstProbeSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, ProbeEverySeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, Probes);
    }
}
