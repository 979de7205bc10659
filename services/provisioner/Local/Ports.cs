using System.Net;
using System.Net.Sockets;

namespace Hypervize.Provisioner.Local;

/// <summary>Gives nodes ports.</summary>
/// <param name="settings">The range.</param>
public sealed class Ports(LocalSettings settings)
{
    /// <summary>A port that nobody listens on.</summary>
    /// <param name="taken">Ports that are given away already.</param>
    /// <returns>Null when there is none left.</returns>
    public int? Free(IReadOnlySet<int> taken)
    {
        var (first, last) = settings.PortRange!.Value;
        var count = last - first + 1;
        // Not the lowest: a port that was just given up may have clients who have not noticed yet.
        var start = Random.Shared.Next(count);
        return Enumerable.Range(0, count).Select(i => first + (start + i) % count).Where(port => !taken.Contains(port) && CanBind(port)).Select(port => (int?)port).FirstOrDefault();
    }

    private bool CanBind(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Parse(settings.ListenHost), port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
