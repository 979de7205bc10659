using Microsoft.JSInterop;

namespace Hypervize.Dashboard.Shell;

/// <summary>A JS module of a component: brought when it is first called, let go of with the component.</summary>
/// <param name="js">The page's script engine.</param>
/// <param name="module">Its file in <c>wwwroot/js</c>, without the ending.</param>
public sealed class PageScript(IJSRuntime js, string module) : IAsyncDisposable
{
    private Task<IJSObjectReference>? _module;

    /// <summary>Calls a function that returns nothing.</summary>
    /// <param name="function">Its name.</param>
    /// <param name="arguments">What it is given.</param>
    public async Task CallAsync(string function, params object?[] arguments)
    {
        try
        {
            await (await Module).InvokeVoidAsync(function, arguments);
        }
        catch (JSDisconnectedException)
        {
            // The page has gone.
        }
    }

    /// <summary>Calls a function.</summary>
    /// <typeparam name="T">What it returns.</typeparam>
    /// <param name="function">Its name.</param>
    /// <param name="arguments">What it is given.</param>
    public async Task<T?> CallAsync<T>(string function, params object?[] arguments)
    {
        try
        {
            return await (await Module).InvokeAsync<T>(function, arguments);
        }
        catch (JSDisconnectedException)
        {
            return default;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_module is not { IsCompletedSuccessfully: true }) return;
        try
        {
            await (await _module).DisposeAsync();
        }
        catch (JSDisconnectedException)
        {
            // The page has gone, and the module with it.
        }
    }

    private Task<IJSObjectReference> Module => _module ??= js.InvokeAsync<IJSObjectReference>("import", $"./js/{module}.js").AsTask();
}
