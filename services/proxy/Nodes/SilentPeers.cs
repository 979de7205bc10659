using System.Net.Sockets;

namespace Hypervize.Proxy.Nodes;

/// <summary>Machines that vanish without a word, clients' and nodes' alike.</summary>
internal static class SilentPeers
{
    private const int FirstProbeSeconds = 30;
    private const int ProbeEverySeconds = 10;
    private const int Probes = 3;

    // The kernel does not probe while something is unacknowledged, and would try to get that across for a quarter of an hour. .NET has no name for Linux's TCP_USER_TIMEOUT.
    private const int UserTimeout = 18;
    private static readonly byte[] AMinute = BitConverter.GetBytes(60_000);

    /// <summary>
    /// Has a connection end within a minute of its peer's vanishing, however long an answer may take, and whether or not anything is under way to it; on Linux also when
    /// a peer takes nothing of what waits for it in all that time. Connections take it over from the socket that accepts them.
    /// </summary>
    /// <param name="socket">The connection, or the socket that accepts some.</param>
    public static void Notice(Socket socket)
    {
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, FirstProbeSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, ProbeEverySeconds);
        // Each is a system call for each connection to a node; where the one is said, the other does not count.
        if (OperatingSystem.IsLinux()) socket.SetRawSocketOption((int)SocketOptionLevel.Tcp, UserTimeout, AMinute);
        else socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, Probes);
    }
}
