using System.Net;
using System.Net.Sockets;
using System.Text;
using Hypervize.Proxy.Nodes;
using Microsoft.Extensions.Time.Testing;

namespace Hypervize.Proxy.Tests.Nodes;

/// <summary>Connections to a node, kept for the next.</summary>
public sealed class NodePoolSpecs
{
    [Fact]
    public async Task A_connection_whose_answer_was_read_is_used_again()
    {
        await using var node = ScriptedNode.Answering(ScriptedNode.Json);
        using var pool = new NodePool("e", new(node.Address), new SemaphoreSlim(1_000), TimeProvider.System);
        var connection = await ExchangeAsync(pool);
        pool.Return(connection);
        Assert.Same(connection, await pool.RentAsync());
    }

    [Fact]
    public async Task A_connection_that_was_cut_at_the_end_of_its_answer_is_not()
    {
        await using var node = ScriptedNode.Answering(ScriptedNode.Json);
        using var pool = new NodePool("e", new(node.Address), new SemaphoreSlim(1_000), TimeProvider.System);
        var connection = await ExchangeAsync(pool);
        connection.Dispose(); // As a client does that leaves just then.
        pool.Return(connection);
        Assert.False(pool.TryRent(out _));
    }

    [Fact]
    public async Task A_connection_that_the_node_closed_is_not()
    {
        await using var node = ScriptedNode.Start(exchange => exchange.WriteAndCloseAsync(ScriptedNode.Json));
        using var pool = new NodePool("e", new(node.Address), new SemaphoreSlim(1_000), new FakeTimeProvider()); // However slow the machine is: none is asked for twice.
        for (var i = 0; i < 200; i++) pool.Return(await ExchangeAsync(pool));
        Assert.Equal(200, node.Connections);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Nor_is_one_whose_node_closed_it_or_said_more_handed_to_who_waits(bool closes)
    {
        await using var node = ScriptedNode.Start(async exchange =>
        {
            await exchange.WriteAsync(ScriptedNode.Json);
            await Task.Delay(50); // The answer was read by then.
            if (closes) exchange.Close();
            else await exchange.WriteAsync(ScriptedNode.Json);
        });
        using var pool = new NodePool("e", new(node.Address), new SemaphoreSlim(1), TimeProvider.System);
        var first = await ExchangeAsync(pool);
        var waiting = pool.RentAsync().AsTask();
        await Eventually.TrueAsync(() => !first.IsQuiet, "what nobody asked for has come");
        pool.Return(first);
        Assert.NotSame(first, await waiting);
    }

    [Fact]
    public async Task What_one_waited_for_who_has_gone_is_given_to_the_next()
    {
        await using var node = ScriptedNode.Answering(ScriptedNode.Json);
        using var pool = new NodePool("e", new(node.Address), new SemaphoreSlim(1), TimeProvider.System);
        var only = await ExchangeAsync(pool);
        using var leave = new CancellationTokenSource();
        var (gone, next) = (pool.RentAsync(leave.Token).AsTask(), pool.RentAsync().AsTask());
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
        pool.Return(only);
        Assert.Same(only, await next.WaitAsync(TimeSpan.FromSeconds(20)));
    }

    [Fact]
    public async Task Who_waits_for_a_connection_hears_that_none_is_to_be_had_however_late_the_clock_says_so()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(1);
        using var strangers = await FullAsync(listener);
        var time = new FakeTimeProvider();
        using var room = new SemaphoreSlim(1);
        using var pool = new NodePool("e", new($"http://{listener.LocalEndPoint}"), room, time);
        var renting = pool.RentAsync().AsTask();
        time.Advance(TimeSpan.FromSeconds(3));
        await Assert.ThrowsAsync<IOException>(() => renting.WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.Equal(1, room.CurrentCount);
    }

    [Fact]
    public async Task A_node_that_lost_a_connection_in_a_full_backlog_is_asked_again_before_the_kernel_would()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(1);
        var strangers = await FullAsync(listener);
        var time = new FakeTimeProvider();
        using var pool = new NodePool("e", new($"http://{listener.LocalEndPoint}"), new SemaphoreSlim(1), time);
        var renting = pool.RentAsync().AsTask();
        Assert.False(renting.IsCompleted);
        strangers.Dispose();
        while (listener.Poll(0, SelectMode.SelectRead)) (await listener.AcceptAsync()).Dispose();
        time.Advance(TimeSpan.FromMilliseconds(60));
        using var connection = await renting.WaitAsync(TimeSpan.FromMilliseconds(900)); // The kernel's own next attempt comes after a second.
    }

    [Fact]
    public async Task Who_finds_no_room_for_another_connection_waits_until_one_is_closed_at_whichever_node()
    {
        await using var node = ScriptedNode.Answering(ScriptedNode.Json);
        await using var other = ScriptedNode.Answering(ScriptedNode.Json);
        using var room = new SemaphoreSlim(1);
        using var pool = new NodePool("e", new(node.Address), room, TimeProvider.System);
        using var otherPool = new NodePool("e", new(other.Address), room, TimeProvider.System);
        var first = await pool.RentAsync();
        var second = otherPool.RentAsync().AsTask();
        Assert.Same(Task.CompletedTask, await Task.WhenAny(second, Task.CompletedTask));
        pool.Drop(first);
        otherPool.Drop(await second);
        Assert.Equal(1, room.CurrentCount);
    }

    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(20_000)]
    [InlineData(1_024)]
    public void Connections_of_clients_and_to_nodes_leave_some_of_the_files_to_the_rest(int files)
    {
        var shares = ConnectionShares.Of(files);
        Assert.InRange((long)shares.Clients + shares.Nodes, 1, files - 500L);
        Assert.InRange(shares.Nodes, 1, shares.Clients);
    }

    // A backlog of one holds two that nobody has accepted.
    private static async Task<Strangers> FullAsync(Socket listener)
    {
        var strangers = new Strangers([.. Enumerable.Range(0, 4).Select(_ => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))]);
        foreach (var stranger in strangers.Sockets) _ = stranger.ConnectAsync(listener.LocalEndPoint!);
        await Eventually.TrueAsync(() => strangers.Sockets.Count(s => s.Connected) == 2, "the backlog is full");
        return strangers;
    }

    private sealed record Strangers(IReadOnlyList<Socket> Sockets) : IDisposable
    {
        public void Dispose()
        {
            foreach (var socket in Sockets) socket.Dispose();
        }
    }

    private static async Task<NodeConnection> ExchangeAsync(NodePool pool)
    {
        var connection = await pool.RentAsync();
        await connection.SendAsync(Encoding.ASCII.GetBytes("POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n"));
        while (!connection.TryReadHead()) connection.Received(await connection.ReceiveAsync());
        while (!connection.IsAtEnd)
            if (!connection.TryRead(out _)) connection.Received(await connection.ReceiveAsync());
        return connection;
    }
}
