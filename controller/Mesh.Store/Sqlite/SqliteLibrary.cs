using System.Reflection;
using System.Runtime.InteropServices;
using SQLitePCL;

namespace Mesh.Store.Sqlite;

/// <summary>Binds to the system's SQLite, which the distribution keeps patched; the copy of the package serves where there is none.</summary>
internal static class SqliteLibrary
{
    private const string systemName = "libsqlite3.so.0";

    private static readonly Lazy<bool> loaded = new(Initialize);

    public static void EnsureLoaded() => _ = loaded.Value;

    private static bool Initialize()
    {
        NativeLibrary.SetDllImportResolver(typeof(SQLite3Provider_e_sqlite3).Assembly, Resolve);
        Batteries_V2.Init();
        return true;
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path) =>
        name == "e_sqlite3" && NativeLibrary.TryLoad(systemName, out var handle) ? handle : nint.Zero;
}
