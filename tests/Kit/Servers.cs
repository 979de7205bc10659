using Npgsql;

namespace Hypervize.Kit;

/// <summary>The real servers that <c>./hypervize test</c> starts.</summary>
public static class Servers
{
    /// <summary>AMQP URI of the broker; the virtual host is the test project's own.</summary>
    public static Uri Broker => new(Setting("HYPERVIZE_TEST_RABBITMQ"));

    internal static string Postgres => Setting("HYPERVIZE_TEST_POSTGRES");

    private static string Setting(string name) =>
        Environment.GetEnvironmentVariable(name) ?? throw new InvalidOperationException($"{name} is not set. Run the tests by ./hypervize test.");
}

/// <summary>A database of its own on the real PostgreSQL, dropped afterwards.</summary>
public sealed class Database : IAsyncDisposable
{
    private readonly string _name = $"test_{Guid.NewGuid():N}";

    private Database()
    {
    }

    public string ConnectionString => new NpgsqlConnectionStringBuilder(Servers.Postgres) { Database = _name, MaxPoolSize = 40 }.ConnectionString;

    public static async Task<Database> CreateAsync()
    {
        var database = new Database();
        await ExecuteAsync(Servers.Postgres, $"create database {database._name}");
        return database;
    }

    /// <summary>Runs a statement in it.</summary>
    public Task<object?> ExecuteAsync(string sql) => ExecuteAsync(ConnectionString, sql);

    public async ValueTask DisposeAsync() => await ExecuteAsync(Servers.Postgres, $"drop database {_name} with (force)");

    private static async Task<object?> ExecuteAsync(string server, string sql)
    {
        await using var connection = new NpgsqlConnection($"{server};Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }
}
