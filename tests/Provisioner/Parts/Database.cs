using Npgsql;

namespace Hypervize.Provisioner.Tests.Parts;

/// <summary>A database of its own on the real PostgreSQL, dropped afterwards.</summary>
internal sealed class Database : IAsyncDisposable
{
    private readonly string _name = $"provisioner_{Guid.NewGuid():N}";
    private readonly string _server = Environment.GetEnvironmentVariable("HYPERVIZE_TEST_POSTGRES")
        ?? throw new InvalidOperationException("HYPERVIZE_TEST_POSTGRES is not set. Run the tests by ./hypervize test.");

    public string ConnectionString => new NpgsqlConnectionStringBuilder(_server) { Database = _name }.ConnectionString;

    public static async Task<Database> CreateAsync()
    {
        var database = new Database();
        await database.ServerAsync($"create database {database._name}");
        return database;
    }

    public async ValueTask DisposeAsync() => await ServerAsync($"drop database {_name} with (force)");

    private async Task ServerAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(_server);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
