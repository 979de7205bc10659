namespace Hypervize.Proxy.Nodes;

/// <summary>
/// How the files that the process may have open are shared between connections. The runtime ends a process that has none left: a client too many is turned
/// away instead, and a request waits until there is a connection to its node.
/// </summary>
/// <param name="Clients">Most connections of clients.</param>
/// <param name="Nodes">Most connections to nodes.</param>
public sealed record ConnectionShares(int Clients, int Nodes)
{
    /// <summary>Clients that a proxy is expected to bear at once, most of them held.</summary>
    public const int ManyClients = 10_000;

    // What is open whatever comes: the program's files, its logs, the broker, what is asked of other services.
    private const int Others = 500;
    private const int Fewest = 20;

    // Clients' are more: those that are held, or idle, need none to a node.
    private const double OfClients = 0.55;

    /// <summary>The shares of a process.</summary>
    /// <param name="files">Files that it may have open.</param>
    public static ConnectionShares Of(int files)
    {
        var left = Math.Max(files - Others, Fewest);
        var clients = (int)(left * OfClients);
        return new(clients, left - clients);
    }
}
