using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Hypervize.Cli.Platform;

/// <summary>Chooses ports that nobody listens on.</summary>
public static class Ports
{
    // Below the ports that systems give to outgoing connections, so that no client of ours takes one in the meantime.
    private const int First = 10_000;
    private const int Last = 19_999;

    // Children of a server that was killed listen on for a moment, until they see that it is gone.
    private static readonly TimeSpan UntilChildrenAreGone = TimeSpan.FromSeconds(5);

    /// <summary>Chooses a free loopback port.</summary>
    public static int Free() => Free(1)[0];

    /// <summary>Chooses free loopback ports.</summary>
    /// <param name="count">How many.</param>
    public static int[] Free(int count)
    {
        var found = new HashSet<int>();
        while (found.Count < count)
        {
            var port = Random.Shared.Next(First, Last);
            if (IsFree(port)) found.Add(port);
        }
        return [.. found];
    }

    /// <summary>A port as it was, if it is free or soon will be; else another one.</summary>
    /// <param name="port">The port.</param>
    /// <param name="cancel">Stops.</param>
    public static async Task<int> StillOrAnotherAsync(int port, CancellationToken cancel)
    {
        for (var began = Stopwatch.GetTimestamp(); !IsFree(port); await Task.Delay(50, cancel))
            if (Stopwatch.GetElapsedTime(began) > UntilChildrenAreGone) return Free();
        return port;
    }

    /// <summary>Whether nobody listens on a loopback port.</summary>
    /// <param name="port">The port.</param>
    public static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
