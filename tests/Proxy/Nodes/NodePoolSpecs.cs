using System.Text;
using Hypervize.Proxy.Nodes;

namespace Hypervize.Proxy.Tests.Nodes;

/// <summary>Connections to a node, kept for the next.</summary>
public sealed class NodePoolSpecs
{
    [Fact]
    public async Task A_connection_whose_answer_was_read_is_used_again()
    {
        await using var node = ScriptedNode.Answering(ScriptedNode.Json);
        using var pool = new NodePool("e", new(node.Address), TimeProvider.System);
        var connection = await ExchangeAsync(pool);
        pool.Return(connection);
        Assert.Same(connection, await pool.RentAsync());
    }

    [Fact]
    public async Task A_connection_that_was_cut_at_the_end_of_its_answer_is_not()
    {
        await using var node = ScriptedNode.Answering(ScriptedNode.Json);
        using var pool = new NodePool("e", new(node.Address), TimeProvider.System);
        var connection = await ExchangeAsync(pool);
        connection.Dispose(); // As a client does that leaves just then.
        pool.Return(connection);
        Assert.False(pool.TryRent(out _));
    }

    [Fact]
    public async Task A_connection_that_the_node_closed_is_not()
    {
        await using var node = ScriptedNode.Start(exchange => exchange.WriteAndCloseAsync(ScriptedNode.Json));
        using var pool = new NodePool("e", new(node.Address), TimeProvider.System);
        for (var i = 0; i < 200; i++) pool.Return(await ExchangeAsync(pool));
        Assert.Equal(200, node.Connections);
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
