using System.Net;
using System.Net.Sockets;
using Hypervize.Proxy.Nodes;

namespace Hypervize.Proxy.Tests.Nodes;

/// <summary>How soon the kernel tells of peers that have vanished. (That it does so needs a network that loses what is sent.)</summary>
public sealed class SilentPeersSpecs
{
    private const int UserTimeout = 18;

    [Fact]
    public async Task An_accepted_connection_ends_within_a_minute_as_does_what_was_sent_on_it()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        SilentPeers.Notice(listener);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(listener.LocalEndPoint!);
        using var accepted = await listener.AcceptAsync();

        int Option(SocketOptionName name) => (int)accepted.GetSocketOption(SocketOptionLevel.Tcp, name)!;
        Assert.Equal(1, (int)accepted.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive)!);
        Assert.InRange(Option(SocketOptionName.TcpKeepAliveTime) + Option(SocketOptionName.TcpKeepAliveInterval), 1, 59);
        if (!OperatingSystem.IsLinux()) return;
        var timeout = new byte[sizeof(int)];
        accepted.GetRawSocketOption((int)SocketOptionLevel.Tcp, UserTimeout, timeout);
        Assert.Equal(60_000, BitConverter.ToInt32(timeout));
    }
}
