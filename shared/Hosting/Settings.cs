using System.ComponentModel.DataAnnotations;
using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Hypervize.Hosting;

/// <summary>
/// Reads a service's settings: each section is a class with data annotations. Errors are collected over all sections, so that a
/// service that can't start says everything that is wrong at once.
/// </summary>
public sealed class Settings(IConfiguration configuration, IServiceCollection services)
{
    private readonly List<(string Section, Type Type, object Defaults)> _sections = [];
    private readonly List<string> _errors = [];

    /// <summary>What is wrong, a line each, with the name of the environment variable.</summary>
    public IReadOnlyList<string> Errors => _errors;

    /// <summary>Reads a section, checks it and makes it injectable.</summary>
    /// <typeparam name="T">The section's class. <see cref="IValidatableObject"/> is honoured.</typeparam>
    /// <param name="section">Its name; the environment variable of a property is <c>SECTION__PROPERTY</c>.</param>
    public T Read<T>(string section) where T : class, new()
    {
        if (_sections.FirstOrDefault(s => s.Type == typeof(T)) is { Type: not null }) return Registered<T>();

        var value = new T();
        try
        {
            configuration.GetSection(section).Bind(value);
        }
        catch (InvalidOperationException e)
        {
            _errors.Add($"{section}: {(e.InnerException ?? e).Message}");
        }

        var results = new List<ValidationResult>();
        Validator.TryValidateObject(value, new ValidationContext(value), results, validateAllProperties: true);
        foreach (var result in results)
            _errors.Add($"{string.Join(", ", result.MemberNames.Select(m => $"{section}__{m}"))}: {result.ErrorMessage}");

        _sections.Add((section, typeof(T), new T()));
        services.AddSingleton(value);
        return value;
    }

    /// <summary>The settings the service reads: environment variable, type, default, and whether it must be given; tabs between.</summary>
    public IEnumerable<string> Describe() =>
        from section in _sections
        from property in section.Type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
        where property.CanWrite
        select $"{section.Section}__{property.Name}\t{Name(property.PropertyType)}\t{property.GetValue(section.Defaults)}\t{Demand(property)}";

    private static string Demand(PropertyInfo property) => property.GetCustomAttribute<RequiredAttribute>() is null ? "optional" : "required";

    private T Registered<T>() where T : class => (T)services.First(s => s.ServiceType == typeof(T)).ImplementationInstance!;

    private static string Name(Type type) => Nullable.GetUnderlyingType(type)?.Name ?? type.Name;
}
