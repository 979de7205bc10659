using System.Net.Sockets;

namespace Hypervize.Proxy.Draining;

/// <summary>
/// The sockets at which clients come in. They can be closed before the server stops, which would close every connection along with them, also those whose
/// first request is on its way.
/// </summary>
public sealed class Listeners
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(1);
    private const int MostLooks = 1000;
    private readonly List<Socket> _sockets = [];

    /// <summary>One more.</summary>
    /// <param name="socket">It listens, or will.</param>
    /// <returns>The same.</returns>
    public Socket Add(Socket socket)
    {
        _sockets.Add(socket);
        return socket;
    }

    /// <summary>Closes them, each at a moment when nobody waits at it to be accepted: closing resets those, though they believe to be connected.</summary>
    /// <param name="time">Time.</param>
    public async Task CloseAsync(TimeProvider time)
    {
        foreach (var socket in _sockets)
        {
            for (var looks = 0; looks < MostLooks && socket.Poll(0, SelectMode.SelectRead); looks++) await Task.Delay(Look, time);
            socket.Dispose();
        }
    }
}
