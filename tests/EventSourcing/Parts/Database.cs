using Npgsql;

namespace Hypervize.EventSourcing.Tests;

/// <summary>A database of its own on the real PostgreSQL, dropped afterwards.</summary>
public sealed class Database : IAsyncLifetime
{
    private readonly string _name = $"log_{Guid.NewGuid():N}";
    private readonly string _server = Environment.GetEnvironmentVariable("HYPERVIZE_TEST_POSTGRES")
        ?? throw new InvalidOperationException("HYPERVIZE_TEST_POSTGRES is not set. Run the tests by ./hypervize test.");

    public string ConnectionString => new NpgsqlConnectionStringBuilder(_server) { Database = _name, MaxPoolSize = 60 }.ConnectionString;

    public Task InitializeAsync() => ServerAsync($"create database {_name}");

    public async Task DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        await ServerAsync($"drop database {_name} with (force)");
    }

    public async Task<T> AskAsync<T>(string sql)
    {
        await using var connection = new NpgsqlConnection(ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    private async Task ServerAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(_server);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
