namespace Hypervize.EventSourcing.Tests;

/// <summary>A database of its own for the tests of a class.</summary>
public sealed class Database : IAsyncLifetime
{
    private Kit.Database _database = null!;

    public string ConnectionString => $"{_database.ConnectionString};Maximum Pool Size=60";

    public async Task InitializeAsync() => _database = await Kit.Database.CreateAsync();

    public async Task DisposeAsync() => await _database.DisposeAsync();

    public async Task<T> AskAsync<T>(string sql) => (T)(await _database.ExecuteAsync(sql))!;
}
