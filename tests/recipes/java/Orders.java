// Not run by the tests: Debian has no Spring Boot. Written for 3.2 or newer, Java 17.
// The shop's orders, and the one place where what the daemon says changes them.
//
// CREATE TABLE shop_order (payment_id VARCHAR(64) PRIMARY KEY, name VARCHAR(200) NOT NULL,
//   amount BIGINT NOT NULL, version BIGINT NOT NULL DEFAULT 0, shipped BOOLEAN NOT NULL DEFAULT FALSE,
//   refunded BIGINT NOT NULL DEFAULT 0);
// CREATE TABLE shipment (shipment_id BIGSERIAL PRIMARY KEY, payment_id VARCHAR(64) NOT NULL);
// CREATE TABLE feed (feed_id INT PRIMARY KEY CHECK (feed_id = 1), next_cursor VARCHAR(64) NOT NULL);
// INSERT INTO feed VALUES (1, '0');
package com.example.shop;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

@Service
class Orders {
    @JsonIgnoreProperties(ignoreUnknown = true)
    record Finding(String kind, boolean open) {}

    @JsonIgnoreProperties(ignoreUnknown = true)
    record Payment(@JsonProperty("payment_id") String paymentId, boolean deliverable,
                   @JsonProperty("cancelled_amount") Long cancelledAmount, long version,
                   List<Finding> findings) {}

    record Row(long version, boolean shipped, long refunded) {}

    private final JdbcClient database;

    Orders(JdbcClient database) { this.database = database; }

    @Transactional
    void create(String paymentId, String name, long amount) {
        database.sql("INSERT INTO shop_order (payment_id, name, amount) VALUES (?, ?, ?)")
            .params(paymentId, name, amount).update();
    }

    /** {@code ship}: goods may go out on this word. Joins the caller's transaction where there is one. */
    @Transactional
    void accept(Payment payment, boolean ship) {
        var row = database.sql("""
                SELECT version, shipped, refunded FROM shop_order WHERE payment_id = ? FOR UPDATE""")
            .param(payment.paymentId()).query(Row.class).optional();
        if (row.isEmpty() || payment.version() <= row.get().version()) return;  // not ours, or old news
        var order = row.get();
        if (ship && !order.shipped()) {
            database.sql("INSERT INTO shipment (payment_id) VALUES (?)").param(payment.paymentId()).update();
        }
        Long refunded = payment.cancelledAmount();  // all that went back to the buyer
        database.sql("UPDATE shop_order SET version = ?, shipped = ?, refunded = ? WHERE payment_id = ?")
            .params(payment.version(), ship || order.shipped(),
                refunded != null ? refunded : order.refunded(), payment.paymentId()).update();
    }
}
